// What a page of the plan editor needs beside htmx. Without scripts every form posts and every link opens a page: nothing here is needed.
"use strict";

(() => {
  let last = null;

  const element = (id) => (id ? document.getElementById(id) : null);

  // Where a swap took away what was focused, go to what stands in its place: the same field, its step, or why it was not done.
  const refocus = () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const editor = element("editor");
    if (!last || !editor) return;
    const place = element(last.id) || element(last.step) || editor.querySelector("[id^=open-]");
    if (place) place.focus({ preventScroll: false });
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const from = event.detail.elt;
    const active = document.activeElement;
    const step = from.querySelector ? from.querySelector("input[name=step]") : null;
    last = { id: (from.contains(active) && active.id) || from.id || "", step: step ? "open-" + step.value : "" };
  });

  document.addEventListener("htmx:afterSettle", refocus);

  // Nothing came back: what was typed is still in its field, and nothing was saved.
  const unreachable = () => {
    const totals = element("totals");
    if (totals) totals.textContent = "Not saved: no answer came. What you typed is still there; try again.";
  };
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);
})();
