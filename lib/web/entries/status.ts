import '../styles/page.css'
import '../parts/parts.css'
import '../status/status.css'
import '../status/page.js'
import { takeOver } from '../parts/take-over.js'

takeOver('status-page')
