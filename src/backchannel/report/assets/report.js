"use strict";
// Before printing, unfold all details except the longest lists. A mark that links to a signal unfolds its
// evidence.

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
