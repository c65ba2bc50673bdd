// Buttons that copy what a buyer passes on. They are shown only where the browser can copy; the text itself can be marked anyway.

export function showCopy(root = document) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll('[data-copy]')) button.hidden = false;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const copied = await navigator.clipboard.writeText(button.dataset.copy).then(
    () => true,
    () => false,
  );
  if (copied) button.textContent = button.dataset.copied;
  // Frames may not copy: the link is marked then, to be copied by hand.
  else getSelection().selectAllChildren(button.previousElementSibling);
});
