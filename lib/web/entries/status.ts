import '../styles/page.css'
