// Makes the plain upload form comfortable: drop zone, previews, early checks, progress.
// Without this file the form works as it is; the server decides all the same.

const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const part = (name) => form.querySelector(`[data-${name}]`);
const limits = {
    files: Number(form.dataset.maxFiles),
    megabytes: Number(form.dataset.maxMegabytes),
    types: form.dataset.types.split(","),
};
let chosen = [];

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

function fill(name, rows) {
    part(`${name}-list`).replaceChildren(...rows);
    part(name === "problem" ? "problems" : name).hidden = rows.length === 0;
}

function problemRow({ name, reason }) {
    const row = document.createElement("li");
    if (name) {
        const strong = document.createElement("strong");
        strong.textContent = name;
        row.append(strong, ": ");
    }
    row.append(reason);
    return row;
}

function acceptedRow({ name, url }) {
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.textContent = name;
    row.append(link);
    return row;
}

function fileRow(file) {
    const row = document.createElement("li");
    const picture = document.createElement("img");
    picture.className = "thumbnail";
    picture.alt = "";
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("error", () => picture.removeAttribute("src"), { once: true });
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
    const name = document.createElement("span");
    name.textContent = `${file.name} (${Math.max(1, Math.round(file.size / 1024))} kB)`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button plain";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => {
        show(chosen.filter((other) => other !== file));
        input.focus();
    });
    row.append(picture, name, remove);
    return row;
}

function show(files) {
    chosen = files;
    part("files").replaceChildren(...files.map(fileRow));
    part("send").disabled = files.length === 0;
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
    const all = [...chosen, ...good];
    if (all.length > limits.files) {
        const reason = `You chose ${all.length} pictures. Only the first ${limits.files} are kept.`;
        problems.push({ name: "", reason });
    }
    fill("problem", problems.map(problemRow));
    show(all.slice(0, limits.files));
    // The chosen files live in our own list, so that choosing again adds to them.
    input.value = "";
}

function progress(percent, text) {
    part("progress").hidden = false;
    form.querySelector("progress").value = percent;
    part("progress-text").textContent = text;
}

function finish(answer) {
    if (answer.location) {
        window.location.assign(answer.location);
        return;
    }
    part("progress").hidden = true;
    fill("problem", answer.rejected.map(problemRow));
    fill("accepted", answer.accepted.map(acceptedRow));
    show([]);
    part("problems").scrollIntoView({ block: "center" });
}

function giveUp(reason) {
    part("progress").hidden = true;
    fill("problem", [problemRow({ name: "", reason })]);
    part("send").disabled = false;
}

function send() {
    const data = new FormData(form);
    data.delete(input.name);
    for (const file of chosen) {
        data.append(input.name, file);
    }
    const request = new XMLHttpRequest();
    request.open("POST", form.action || window.location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
        const percent = event.lengthComputable ? (100 * event.loaded) / event.total : 0;
        progress(percent, percent < 100 ? `${Math.round(percent)} % sent` : "Checking the pictures");
    });
    request.addEventListener("load", () => {
        if (request.response) {
            finish(request.response);
        } else if (request.status === 413) {
            giveUp("That is too much at once. Please send fewer or smaller pictures.");
        } else {
            giveUp("The site could not take the pictures. Please reload the page and try again.");
        }
    });
    request.addEventListener("error", () => {
        giveUp("The connection broke off. Your pictures are still chosen: please try again.");
    });
    part("send").disabled = true;
    progress(0, "Starting");
    request.send(data);
}

input.required = false;
part("drop-hint").hidden = false;
part("drop").classList.add("whole");
show([]);
input.addEventListener("change", () => add(input.files));
form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
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
