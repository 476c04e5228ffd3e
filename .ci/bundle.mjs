// Joins the modules of the entries that every app imports, and of what its server loads at the start,
// into one file each, with one more for what two of them need: in Node an import costs by the file.
// Types and the other entries stay as they are.
import { chmod } from "node:fs/promises";
import { rolldown } from "rolldown";

const isOwn = /^[./]/;

/** @param shared the file of what the entries have in common */
async function join(input, shared) {
  const bundle = await rolldown({ input, external: (id) => !isOwn.test(id) });
  await bundle.write({ dir: "dist/src", entryFileNames: "[name].js", chunkFileNames: shared });
}

// What is shared there is one in a process: it holds which request the calling code belongs to.
await join(
  { index: "dist/src/index.js", "capture/with-authlog": "dist/src/capture/with-authlog.js" },
  "capture/shared.js",
);
await join(
  { otel: "dist/src/otel.js", "setup/register": "dist/src/setup/register.js" },
  "setup/shared.js",
);

// npm makes the command executable when it links it, which a later build has undone.
await chmod("dist/src/cli/main.js", 0o755);
