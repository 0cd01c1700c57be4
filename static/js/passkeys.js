// Says in a sentence what the browser refused. Asking it for a passkey is allauth's.
"use strict";

(() => {
    const SENTENCES = {
        NotAllowedError: "Nothing was confirmed in time. Try again, or go on in another way.",
        InvalidStateError: "This device or key is already one of yours.",
        SecurityError:
            "Browsers keep passkeys for a name, not for a number such as 127.0.0.1. " +
            "Open this site by its name; on your own machine that is localhost.",
    };

    function sentence(exception) {
        if (!window.PublicKeyCredential) {
            return "This browser has no passkeys here: they need a secure connection (HTTPS).";
        }
        return SENTENCES[exception.name] ?? "That did not work. Try again, or go on in another way.";
    }

    let problem;

    document.addEventListener("allauth.error", (event) => {
        event.preventDefault();
        // Put in anew each time, so that a screen reader says the same sentence twice.
        problem?.remove();
        problem = document.getElementById("passkey-problem").content.firstElementChild.cloneNode(true);
        problem.querySelector("div").textContent = sentence(event.detail.exception);
        document.querySelector("main .card").append(problem);
    });
})();
