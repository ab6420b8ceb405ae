// Runs before anything is drawn, so that a page that is dark by choice does not flash white.
const theme = localStorage.getItem('floecast.theme')
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme
