import '../styles/page.css'
import '../admin/styles/admin.css'
import '../admin/app.js'

document.querySelector('#app')?.append(document.createElement('floe-admin'))
