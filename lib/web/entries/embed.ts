import '../styles/page.css'
import '../mount/embed.css'
import '../mount/embed.js'
import { takeOver } from '../parts/take-over.js'

takeOver('embed-page')
