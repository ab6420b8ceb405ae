import '../styles/page.css'
import '../parts/parts.css'
import '../mount/mount.css'
import '../mount/page.js'
import { takeOver } from '../parts/take-over.js'

takeOver('mount-page')
