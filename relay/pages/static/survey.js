/** The secret of a survey's link stands after `#`, so that it is in no server's log; here it goes into the form. */

const token = location.hash.slice(1);
const field = document.getElementById("token");
if (field instanceof HTMLInputElement && /^[\w-]{32}$/.test(token)) field.value = token;
