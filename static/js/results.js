// Shows on the upload page what becomes of the pictures, by one request for all of them, as the
// history does. Without this file their pages say so.

const place = document.querySelector("[data-watch]");
const template = document.querySelector("[data-poller]");
let signedOut = false;

// Have the page ask as long as a picture on it waits. The last answer takes the form away, but
// another picture may have been accepted before it came.
function watch() {
    if (signedOut || place.firstElementChild || !document.querySelector("input[form=waiting]")) {
        return;
    }
    place.append(template.content.cloneNode(true));
    window.htmx.process(place.firstElementChild);
}

// The site's answers replace this element, and with it the input by which the page asks for it.
document.addEventListener("accepted", ({ target: outcome, detail: id }) => {
    const asked = document.createElement("input");
    asked.type = "hidden";
    asked.name = "queued";
    asked.value = id;
    asked.setAttribute("form", "waiting");
    outcome.id = `outcome-${id}`;
    outcome.replaceChildren(asked);
    signedOut = false;
    watch();
});

// Who is signed out keeps the page, since pictures that are not sent are in it alone.
document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "content") {
        event.preventDefault();
        signedOut = true;
        place.replaceChildren();
        document.querySelector("[data-news]").textContent =
            "You are signed out, so no results appear here. Sign in again, in another window.";
    }
});

document.addEventListener("htmx:afterRequest", watch);
watch();
