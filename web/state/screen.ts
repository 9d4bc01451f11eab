/** Whether the screen is as narrow as a phone's: the same width as in the style sheets. */
import { signal } from '@preact/signals'

const query = matchMedia('(max-width: 719px)')
export const narrow = signal(query.matches)
query.addEventListener('change', () => { narrow.value = query.matches })
