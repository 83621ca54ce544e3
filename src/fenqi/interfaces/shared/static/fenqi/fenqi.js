// What a page gains where scripts run; every page works without them.
"use strict";

// A form is sent once: its button keeps its place and says that it works. The server is safe against a double tap anyway.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// The browser's "back" may restore the page as it was left: wake its forms again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  for (const busy of document.querySelectorAll("button[aria-busy]")) busy.removeAttribute("aria-busy");
});

// Copying a number is offered only where the clipboard can be reached.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.lastElementChild.textContent = button.dataset.done;
    });
  }
}

// A select or checkbox list that shows a sum: the sum of what is ticked, in the amounts the server wrote.
for (const form of document.querySelectorAll("[data-sum]")) {
  const out = form.querySelector("[data-sum-out]");
  const show = () => {
    const ticked = [...form.querySelectorAll("[data-minor]:checked")];
    const minor = ticked.reduce((sum, box) => sum + Number(box.dataset.minor), 0);
    const digits = Number(form.dataset.sum);
    const figures = (minor / 10 ** digits).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    out.textContent = minor ? form.dataset.symbol + figures : "";
  };
  form.addEventListener("change", show);
  show();
}

// "/" goes to the search of the console.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (event.key !== "/" || !search || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  search.focus();
});
