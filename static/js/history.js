// Chooses all pictures of a page at once, and says how many are chosen.
// Without this file each is chosen by itself, and the server says where none is.

const form = document.querySelector("[data-chosen]");

if (form) {
    const boxes = form.elements.chosen;
    const pictures = boxes instanceof RadioNodeList ? [...boxes] : [boxes];
    const all = form.querySelector("[data-all]");
    const count = form.querySelector("[data-count]");

    const tell = () => {
        const chosen = pictures.filter(({ checked }) => checked).length;
        count.textContent = chosen ? `${chosen} of ${pictures.length} chosen` : "";
        all.textContent = chosen === pictures.length ? "Choose none" : "Choose all on this page";
        form.querySelectorAll("[data-act]").forEach((button) => (button.disabled = !chosen));
    };

    all.hidden = false;
    all.addEventListener("click", () => {
        const some = pictures.some(({ checked }) => !checked);
        pictures.forEach((box) => (box.checked = some));
        tell();
    });
    form.addEventListener("change", tell);
    // A browser that comes back to the page knows what was chosen, and tells it late.
    window.addEventListener("pageshow", tell);
}
