/** Entry of the page: defines the elements that index.html uses. */
import './app.js';
