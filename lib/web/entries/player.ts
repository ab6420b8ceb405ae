import { FloecastPlayer } from '../player/player-element.js'

// A page may load the script twice.
if (customElements.get('floecast-player') === undefined) customElements.define('floecast-player', FloecastPlayer)
