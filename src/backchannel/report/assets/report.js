"use strict";
// On paper there is nothing to click: what is folded is unfolded first, but for the longest lists. A mark that
// leads to a signal unfolds its evidence.

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open]):not(.long):not(.parts)")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
});
addEventListener("hashchange", () => {
  const evidence = document.getElementById(location.hash.slice(1))?.querySelector("details");
  if (evidence) evidence.open = true;
});
