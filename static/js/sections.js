// Opens the section that the address or a link names, and those that are printed. Without this
// file a person opens them.

function openNamed() {
    const named = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    let section = named?.closest("details");
    if (!section) {
        return;
    }
    for (; section; section = section.parentElement.closest("details")) {
        section.open = true;
    }
    named.scrollIntoView();
}

openNamed();
window.addEventListener("hashchange", openNamed);
// The address stays the same when a link is followed again.
document.addEventListener("click", ({ target }) => {
    if (target.closest?.("a")?.hash === window.location.hash) {
        openNamed();
    }
});

let closed = [];
window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details[data-printed]:not([open])")];
    closed.forEach((section) => (section.open = true));
});
window.addEventListener("afterprint", () => closed.forEach((section) => (section.open = false)));
