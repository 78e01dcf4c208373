// Unfold's pages name no main part, which screen readers jump to.
document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));
