// A link may bring the token behind the #, which no server is sent. A person still presses the button: a link of another
// site must not put them into a session that is not theirs.
"use strict";

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  document.querySelector("input[name=token]").value = given;
  history.replaceState(null, "", "/");
}
