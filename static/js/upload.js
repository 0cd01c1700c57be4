// Makes the plain upload form comfortable: drop zone, previews, early checks, and one request for
// each picture, so that a connection that breaks costs one at most and none is sent twice. What
// becomes of those that are accepted is the business of results.js.
// Without this file the form works as it is; the server decides all the same.

const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const part = (name) => form.querySelector(`[data-${name}]`);
const address = form.action || window.location.href;
const limits = {
    files: Number(form.dataset.maxFiles),
    megabytes: Number(form.dataset.maxMegabytes),
    types: form.dataset.types.split(","),
};
// Without a sign of life for so long, a connection counts as broken. In milliseconds, as are these:
const SILENCE = 60_000;
// the pauses before asking again for a picture that has arrived and is still being checked.
const PAUSES = [1000, 2000, 4000, 8000, 16_000];
const SENTENCES = {
    0: "The connection broke off.",
    403: "You are signed out, or somebody else has signed in. Sign in again, in another window.",
    413: "The site does not take that much at once. Please send a smaller picture.",
};
const NOT_SENT = "Not sent yet";
const OTHERWISE = "The site could not take this picture just now.";

// Each chosen picture with its row. Its state is waiting, sending, accepted, refused or lost.
let chosen = [];
let sending = false;

function problemWith(file) {
    if (file.type && !limits.types.includes(file.type)) {
        return `This is not a picture we can read. Please send a ${form.dataset.formats} file.`;
    }
    if (file.size === 0) {
        return "The file is empty. Please choose the picture again.";
    }
    if (file.size > limits.megabytes * 1024 * 1024) {
        return `The file is larger than ${limits.megabytes} MB. Please send a smaller one.`;
    }
    return "";
}

function showProblems(problems) {
    const rows = problems.map(({ name, reason }) => {
        const row = document.createElement("li");
        if (name) {
            const strong = document.createElement("strong");
            strong.textContent = name;
            row.append(strong, ": ");
        }
        row.append(reason);
        return row;
    });
    part("problem-list").replaceChildren(...rows);
    part("problems").hidden = rows.length === 0;
}

// A UUID of version 4: crypto.randomUUID is there on secure connections only.
function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function noPreview() {
    const box = document.createElement("span");
    box.className = "thumbnail";
    return box;
}

function choose(file) {
    const row = part("row").content.firstElementChild.cloneNode(true);
    const inside = (name) => row.querySelector(`[data-${name}]`);
    const one = { file, key: newKey(), row, inside };
    row.tabIndex = -1;
    const picture = row.querySelector("img");
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("error", () => picture.replaceWith(noPreview()), { once: true });
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
    inside("name").textContent = file.name;
    inside("size").textContent = `(${Math.max(1, Math.round(file.size / 1024))} kB)`;
    inside("sent").setAttribute("aria-label", `Sending ${file.name}`);
    inside("result").setAttribute("aria-label", `See the result of ${file.name}`);
    inside("again").setAttribute("aria-label", `Try again: ${file.name}`);
    inside("again").addEventListener("click", () => {
        form.requestSubmit();
        // The button goes away with its reason; a keyboard goes on from here.
        row.focus();
    });
    inside("remove").setAttribute("aria-label", `Remove ${file.name}`);
    inside("remove").addEventListener("click", () => {
        chosen = chosen.filter((other) => other !== one);
        row.remove();
        offer();
        input.focus();
    });
    become(one, "waiting", NOT_SENT);
    return one;
}

function become(one, state, sentence) {
    one.state = one.row.dataset.state = state;
    one.inside("sentence").textContent = sentence;
    one.inside("sent").hidden = state !== "sending";
    one.inside("result").hidden = state !== "accepted";
    one.inside("again").hidden = state !== "lost";
    one.inside("remove").hidden = state === "sending" || state === "accepted";
}

const count = (...states) => chosen.filter(({ state }) => states.includes(state)).length;

function offer() {
    part("send").disabled = sending || count("waiting", "lost") === 0;
}

function add(files) {
    const problems = [];
    const good = [];
    for (const file of files) {
        const reason = problemWith(file);
        if (reason) {
            problems.push({ name: file.name, reason });
        } else {
            good.push(file);
        }
    }
    const room = limits.files - (chosen.length - count("accepted"));
    if (good.length > room) {
        const all = limits.files - room + good.length;
        const reason = `You chose ${all} pictures. Only the first ${limits.files} are kept.`;
        problems.push({ name: "", reason });
    }
    showProblems(problems);
    const added = good.slice(0, room).map(choose);
    chosen.push(...added);
    part("files").append(...added.map(({ row }) => row));
    offer();
    // The chosen files live in our own list, so that choosing again adds to them.
    input.value = "";
}

// Send one picture, and return the answer's status, 0 where none came, and what it says.
function post(one) {
    const data = new FormData(form);
    data.set(input.name, one.file);
    data.set("upload_key", one.key);
    return new Promise((resolve) => {
        const request = new XMLHttpRequest();
        let silence;
        const alive = () => {
            clearTimeout(silence);
            silence = setTimeout(() => request.abort(), SILENCE);
        };
        request.open("POST", address);
        request.setRequestHeader("Accept", "application/json");
        request.responseType = "json";
        request.upload.addEventListener("progress", ({ loaded, total }) => {
            alive();
            const percent = Math.round((100 * loaded) / total);
            one.inside("sent").value = percent;
            one.inside("sentence").textContent =
                percent < 100 ? `${percent} % sent` : "Checking the picture";
        });
        request.addEventListener("loadend", () => {
            clearTimeout(silence);
            resolve({ status: request.status, said: request.response });
        });
        alive();
        request.send(data);
    });
}

// Signing in again in another window makes this page's token worthless. Take that of a new page.
async function renewToken() {
    try {
        const answer = await fetch(address, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-upload]");
        if (fresh?.dataset.account !== form.dataset.account) {
            return false;
        }
        form.elements.csrfmiddlewaretoken.value = fresh.elements.csrfmiddlewaretoken.value;
        return true;
    } catch {
        return false;
    }
}

async function send(one) {
    become(one, "sending", "Starting");
    let answer = await post(one);
    if (answer.status === 403 && (await renewToken())) {
        answer = await post(one);
    }
    for (const pause of PAUSES) {
        if (answer.status !== 409) {
            break;
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
        answer = await post(one);
    }
    const [accepted, refused] = [answer.said?.accepted?.[0], answer.said?.rejected?.[0]];
    const sentence =
        refused?.reason ?? answer.said?.reason ?? SENTENCES[answer.status] ?? OTHERWISE;
    if (accepted) {
        one.inside("result").href = accepted.url;
        become(one, "accepted", "Accepted");
        const told = new CustomEvent("accepted", { bubbles: true, detail: accepted.id });
        one.inside("outcome").dispatchEvent(told);
    } else if (answer.status === 413 || (answer.status === 422 && refused?.name)) {
        become(one, "refused", sentence);
    } else {
        // Nothing is wrong with the picture: it is sent again as the same one.
        become(one, "lost", sentence);
    }
}

async function sendAll() {
    sending = true;
    offer();
    chosen.filter(({ state }) => state === "lost").forEach((one) => become(one, "waiting", NOT_SENT));
    let one;
    while ((one = chosen.find(({ state }) => state === "waiting"))) {
        tell(`Sending ${shortName(one)}.`);
        await send(one);
        if (one.state === "lost") {
            break;
        }
    }
    sending = false;
    finish(one);
}

function shortName({ file: { name } }) {
    return name.length > 40 ? `${name.slice(0, 38)}…` : name;
}

function tell(sentence) {
    part("news").textContent = sentence;
}

function finish(lost) {
    offer();
    const accepted = chosen.filter(({ state }) => state === "accepted");
    if (chosen.length === 1 && accepted.length === 1) {
        // Its page says all that there is to say about a single picture.
        window.location.assign(accepted[0].inside("result").href);
        return;
    }
    const sentences = [`${accepted.length} of ${chosen.length} accepted.`];
    if (accepted.length === chosen.length) {
        sentences.push("The results appear here, and are kept in your history.");
    }
    if (count("refused")) {
        sentences.push(`${count("refused")} refused; why is said beside the name.`);
    }
    if (lost) {
        sentences.push(`${shortName(lost)}: ${lost.inside("sentence").textContent}`);
        sentences.push("Try again: what is accepted is not sent twice.");
    }
    tell(sentences.join(" "));
    part("news").scrollIntoView({ block: "nearest" });
}

input.required = false;
part("drop-hint").hidden = false;
part("drop").classList.add("whole");
offer();
input.addEventListener("change", () => add(input.files));
form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) {
        sendAll();
    }
});
window.addEventListener("beforeunload", (event) => {
    // What is chosen is in this page alone.
    if (sending || count("waiting", "lost") > 0) {
        event.preventDefault();
    }
});

const drop = part("drop");
for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
    });
}
for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
});
