// A button beside a read-only field copies it. Without JavaScript the button stays hidden and the field can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Plain http outside this machine has no clipboard API; the selection is what the old command copies.
      document.execCommand("copy");
    }
    said.textContent = button.dataset.done;
    setTimeout(() => { said.textContent = ""; }, 3000);
  });
}
