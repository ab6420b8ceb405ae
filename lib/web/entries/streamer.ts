import '../styles/page.css'
import '../parts/parts.css'
import '../streamer/streamer.css'
import '../streamer/list.css'
import '../streamer/page.js'
import { takeOver } from '../parts/take-over.js'

takeOver('streamer-page')
