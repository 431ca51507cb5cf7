// Acknowledges an alarm. That it is, the page shows by itself a second later; why it is not, a sentence on top says.
"use strict";

const WHY = {
  401: ["登录已失效，请重新登录。", "The session has ended: sign in again."],
  403: ["您没有确认报警的权限。", "You may not acknowledge alarms."],
  404: ["该报警已不存在。", "There is no such alarm any more."],
  409: ["该报警又发生了，或已不需要确认，请再看一次。", "It has come again, or is over: look once more."],
};
const OTHERWISE = ["未能确认，请再试一次。", "It could not be acknowledged: try again."];

function complain(why) {
  const words = why || ["", ""];
  document.getElementById("refused-zh").textContent = words[0];
  document.getElementById("refused-en").textContent = words[1];
  document.getElementById("refused").hidden = !why;
}

async function acknowledge(button) {
  button.disabled = true;
  complain(null);
  try {
    const answer = await fetch(`/api/v1/alarms/${encodeURIComponent(button.dataset.alarm)}/ack`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ occurrence: Number(button.dataset.occurrence) }), // the one that stands on this page
    });
    if (!answer.ok) complain(WHY[answer.status] || OTHERWISE);
  } catch {
    complain(OTHERWISE);
  }
  button.disabled = false;
}

document.addEventListener("click", event => {
  const button = event.target.closest("button[data-alarm]");
  if (button) acknowledge(button);
});
