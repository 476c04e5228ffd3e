// Joins the modules of the two entries that every app imports into one file each, with one more for
// what both need: in Node an import costs by the file. Types and the other entries stay as they are.
import { chmod } from "node:fs/promises";
import { rolldown } from "rolldown";

const isOwn = /^[./]/;

const bundle = await rolldown({
  input: {
    index: "dist/src/index.js",
    "capture/with-authlog": "dist/src/capture/with-authlog.js",
  },
  external: (id) => !isOwn.test(id),
});
await bundle.write({
  dir: "dist/src",
  entryFileNames: "[name].js",
  // One in a process: it holds which request the calling code belongs to.
  chunkFileNames: "capture/shared.js",
});

// npm makes the command executable when it links it, which a later build has undone.
await chmod("dist/src/cli/main.js", 0o755);
