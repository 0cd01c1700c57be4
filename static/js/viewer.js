// Zooms and moves a picture by mouse, touch and keyboard, and fades its layers. Without this file
// the picture, and what is drawn on it, are shown as a whole. The zooming itself is Panzoom's.

const FURTHEST = 12;
const STEP = 40;
// From here on the copy has too few pixels, so the picture is loaded in full size.
const COPY_IS_ENOUGH = 1.25;

function start(viewer) {
    const stage = viewer.querySelector("[data-stage]");
    const layers = viewer.querySelector("[data-layers]");
    const photo = layers.querySelector("img");
    const panzoom = window.Panzoom(layers, {
        maxScale: FURTHEST,
        minScale: 1,
        contain: "outside",
        panOnlyWhenZoomed: true,
        cursor: "",
        // One finger scrolls the page as long as all of the picture is in sight.
        touchAction: "pan-x pan-y",
    });

    const isZoomed = () => panzoom.getScale() > 1.01;
    const actions = {
        in: () => panzoom.zoomIn(),
        out: () => panzoom.zoomOut(),
        all: () => panzoom.reset(),
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
            const scale = panzoom.getScale();
            const [x, y] = moves[key].map((step) => (step * STEP) / scale);
            panzoom.pan(x, y, { relative: true });
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
                panzoom.zoomWithWheel(event);
            }
        },
        { passive: false },
    );
    stage.addEventListener("dblclick", (event) => {
        if (isZoomed()) {
            panzoom.reset();
        } else {
            panzoom.zoomToPoint(3, event, { animate: true });
        }
    });
    layers.addEventListener("panzoomchange", () => {
        viewer.classList.toggle("zoomed", isZoomed());
        panzoom.setOptions({ touchAction: isZoomed() ? "none" : "pan-x pan-y" });
        if (panzoom.getScale() > COPY_IS_ENOUGH) {
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
