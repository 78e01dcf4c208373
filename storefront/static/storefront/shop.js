/* What a page can do better with JavaScript. Everything works without it. */
"use strict";

// The slider for points and the field beside it show the same number.
for (const one of document.querySelectorAll("[data-twin]")) {
  one.addEventListener("input", () => {
    const twin = one.form.elements[one.dataset.twin];
    twin.value = one.value || "0";
  });
}
// What somebody moved before htmx was ready, or what the browser put back, counts as well.
document.addEventListener(
  "htmx:load",
  () => {
    const moved = [...document.querySelectorAll("[data-twin]")].find((one) => one.value !== one.defaultValue);
    if (moved) moved.dispatchEvent(new Event("input", { bubbles: true }));
  },
  { once: true },
);
// The sums follow by htmx, so the button for it is not needed.
if (document.querySelector("[hx-post]")) {
  for (const one of document.querySelectorAll("[data-without-script]")) one.hidden = true;
}
for (const one of document.querySelectorAll("[data-print]")) {
  one.hidden = false;
  one.addEventListener("click", () => window.print());
}
