// Fades the heat map over the picture. The result may arrive after this file, so the page listens.

document.addEventListener("input", ({ target }) => {
    const overlay = document.getElementById(target.dataset.fades);
    if (overlay) {
        overlay.style.opacity = String(target.value / 100);
    }
});
