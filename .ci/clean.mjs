// Removes the folders named, so that a build holds nothing of an earlier one.
import { rm } from "node:fs/promises";

for (const folder of process.argv.slice(2)) await rm(folder, { recursive: true, force: true });
