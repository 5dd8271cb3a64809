// Swagger UI is dark when the page's root says so, which follows the reader's system here.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// What its markup lacks for keyboards and screen readers: names of lists, focus where something scrolls, and a link
// inside of the button that does the same.
new MutationObserver(() => {
  for (const list of document.querySelectorAll(".swagger-ui select:not([aria-label])"))
    list.setAttribute("aria-label", list.closest("tr")?.querySelector(".parameter__name, .response-col_status")?.textContent || "Choice");
  for (const text of document.querySelectorAll(".swagger-ui pre:not([tabindex])")) text.tabIndex = 0;
  for (const link of document.querySelectorAll(".swagger-ui button a[href]")) link.removeAttribute("href");
}).observe(document, { childList: true, subtree: true });
