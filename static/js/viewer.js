// Zooms and moves a picture by mouse, touch and keyboard, and fades its layers. Without this file
// the picture, and what is drawn on it, are shown as a whole. The zooming itself is Panzoom's.

const FURTHEST = 12;
const STEP = 40;
// From here on the copy has too few pixels, so the picture is loaded in full size.
const COPY_IS_ENOUGH = 1.25;
// Panzoom is loaded at the first of these, since many people only read.
const SIGNS_OF_A_PERSON = ["pointermove", "pointerdown", "keydown"];

function loadPanzoom(address) {
    return new Promise((resolve) => {
        const load = () => {
            SIGNS_OF_A_PERSON.forEach((sign) => window.removeEventListener(sign, load, true));
            const script = document.createElement("script");
            script.src = address;
            script.addEventListener("load", () => resolve(window.Panzoom));
            document.head.append(script);
        };
        SIGNS_OF_A_PERSON.forEach((sign) => window.addEventListener(sign, load, true));
    });
}

function start(viewer) {
    const stage = viewer.querySelector("[data-stage]");
    const layers = viewer.querySelector("[data-layers]");
    const photo = layers.querySelector("img");
    let scale = 1;
    const loading = loadPanzoom(viewer.dataset.panzoom).then(
        (Panzoom) =>
            // A picture that was deleted meanwhile is gone from the page.
            layers.isConnected &&
            Panzoom(layers, {
                maxScale: FURTHEST,
                minScale: 1,
                contain: "outside",
                panOnlyWhenZoomed: true,
                cursor: "",
                // One finger scrolls the page as long as all of the picture is in sight.
                touchAction: "pan-x pan-y",
            }),
    );
    // What is asked for before Panzoom has come is done when it has.
    const ask = (act) => loading.then((panzoom) => panzoom && act(panzoom));

    const isZoomed = () => scale > 1.01;
    const actions = {
        in: () => ask((panzoom) => panzoom.zoomIn()),
        out: () => ask((panzoom) => panzoom.zoomOut()),
        all: () => ask((panzoom) => panzoom.reset()),
    };
    const keys = { "+": actions.in, "=": actions.in, "-": actions.out, 0: actions.all };
    const moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

    viewer.querySelector("[data-zoom]").addEventListener("click", ({ target }) => {
        actions[target.closest("button")?.dataset.by]?.();
    });
    stage.addEventListener("keydown", (event) => {
        const { key, ctrlKey, metaKey, altKey } = event;
        if (ctrlKey || metaKey || altKey) {
            return;
        }
        if (keys[key]) {
            keys[key]();
        } else if (moves[key] && isZoomed()) {
            const [x, y] = moves[key].map((step) => (step * STEP) / scale);
            ask((panzoom) => panzoom.pan(x, y, { relative: true }));
        } else {
            return;
        }
        event.preventDefault();
    });
    // A wheel scrolls the page, as everywhere, until somebody has zoomed or holds Control.
    stage.addEventListener(
        "wheel",
        (event) => {
            if (event.ctrlKey || event.metaKey || isZoomed()) {
                event.preventDefault();
                ask((panzoom) => panzoom.zoomWithWheel(event));
            }
        },
        { passive: false },
    );
    stage.addEventListener("dblclick", (event) => {
        if (isZoomed()) {
            actions.all();
        } else {
            ask((panzoom) => panzoom.zoomToPoint(3, event, { animate: true }));
        }
    });
    layers.addEventListener("panzoomchange", ({ detail }) => {
        ({ scale } = detail);
        viewer.classList.toggle("zoomed", isZoomed());
        layers.style.setProperty("--zoom", scale);
        ask((panzoom) =>
            panzoom.setOptions({ touchAction: isZoomed() ? "none" : "pan-x pan-y" }),
        );
        if (scale > COPY_IS_ENOUGH) {
            loadFullSize(photo);
        }
    });
}

function loadFullSize(photo) {
    const address = photo.dataset.full;
    delete photo.dataset.full;
    if (!address || new URL(address, window.location).href === photo.src) {
        return;
    }
    const full = new Image();
    full.src = address;
    // Put in place when it can be shown at once. Where it fails to load, the copy stays.
    full.decode().then(
        () => (photo.src = full.src),
        () => {},
    );
}

document.querySelectorAll("[data-viewer]").forEach(start);

// A heat map may arrive later than this file, with the result.
document.addEventListener("input", ({ target }) => {
    const layer = document.getElementById(target.dataset.fades);
    if (layer) {
        layer.style.opacity = String(target.value / 100);
    }
});

// Two points on a ruler or a coin. Their form may arrive later too; typed numbers do as well.

const SVG = "http://www.w3.org/2000/svg";
const SETTING = ["Click on the first end.", "Click on the other end.", "Now give the millimetres."];
// A finger or a mouse that moves further than this has moved the picture, and set no point.
const STILL = 6;
let pointing = -1;
let pressed;

const scaleForm = () => document.querySelector("[data-scale]");
const field = (name) => scaleForm().elements[name];
const drawing = () => document.querySelector("[data-drawn]");

function placeOf({ clientX, clientY }) {
    const svg = drawing();
    const { width, height } = svg.viewBox.baseVal;
    const box = svg.getBoundingClientRect();
    // The picture lies in the middle of its box, as large as fits.
    const scale = Math.min(box.width / width, box.height / height);
    const x = (clientX - box.left - (box.width - width * scale) / 2) / scale;
    const y = (clientY - box.top - (box.height - height * scale) / 2) / scale;
    return [Math.max(0, Math.min(width, x)), Math.max(0, Math.min(height, y))];
}

function drawPoints() {
    const group = document.createElementNS(SVG, "g");
    group.classList.add("points");
    const places = [1, 2]
        .map((end) => [field(`x${end}`).value, field(`y${end}`).value])
        .filter(([x, y]) => x !== "" && y !== "");
    const path = places.map(([x, y]) => `${x} ${y}`).join("L");
    for (const name of ["halo", "line"]) {
        const line = document.createElementNS(SVG, "path");
        // A line without length has round ends, and so is a point.
        line.setAttribute("d", places.length ? `M${path}${places.length === 1 ? "h0" : ""}` : "");
        line.classList.add(name);
        group.append(line);
    }
    drawing().querySelector(".points")?.remove();
    drawing().append(group);
}

function point(step) {
    pointing = step;
    scaleForm().querySelector("[data-points-news]").textContent = SETTING[step];
    document.querySelector("[data-stage]").classList.toggle("pointing", step < 2);
    if (step === 2) {
        pointing = -1;
        field("millimetres").focus();
    }
}

document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-set-points]")) {
        point(0);
        document.querySelector("[data-stage]").scrollIntoView({ block: "nearest" });
    }
});
document.addEventListener("pointerdown", (event) => (pressed = event), true);
document.addEventListener("click", (event) => {
    const moved = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
    if (pointing < 0 || moved > STILL || !event.target.closest("[data-stage]")) {
        return;
    }
    const [x, y] = placeOf(event);
    field(`x${pointing + 1}`).value = x.toFixed(1);
    field(`y${pointing + 1}`).value = y.toFixed(1);
    drawPoints();
    point(pointing + 1);
});
document.addEventListener("input", ({ target }) => {
    if (target.closest("[data-scale]")) {
        drawPoints();
    }
});
