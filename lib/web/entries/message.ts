import '../styles/page.css'
import '../parts/parts.css'
import '../parts/header.js'

document.querySelector('nav')?.prepend(document.createElement('theme-switch'))
