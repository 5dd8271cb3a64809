// The sum follows the delivery that is chosen. Without this script the page tells it after the form was sent.
"use strict";
(() => {
  const options = document.querySelectorAll("input[name=delivery]");
  const address = document.querySelectorAll(".address [data-needed]");
  const follow = () => {
    const chosen = document.querySelector("input[name=delivery]:checked");
    if (!chosen) return;
    for (const place of document.querySelectorAll("[data-sum]")) {
      const text = chosen.dataset[place.dataset.sum];
      if (place.tagName === "INPUT") place.value = text; else place.textContent = text;
    }
    const comes = "pickup" in chosen.dataset;
    for (const field of address) field.required = !comes;
  };
  for (const option of options) option.addEventListener("change", follow);
  addEventListener("pageshow", follow); // a browser that goes back puts the choice back, and not the sum
})();
