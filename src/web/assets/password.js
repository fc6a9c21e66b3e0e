// A button beside each password field that shows what was typed, and hides it again before it is sent.
for (const input of document.querySelectorAll("input[type=password][data-show]")) {
  const row = document.createElement("div");
  row.className = "with-button";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain";
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? input.dataset.hide : input.dataset.show;
    button.setAttribute("aria-pressed", String(shown));
  };
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    set(input.type === "password");
    input.focus();
  });
  input.form?.addEventListener("submit", () => set(false));
  set(false);
  input.replaceWith(row);
  row.append(input, button);
}
