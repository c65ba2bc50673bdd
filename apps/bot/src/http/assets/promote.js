// The link to share is copied by a press, where the browser can.

import { showCopy } from './copy.js';

showCopy();
