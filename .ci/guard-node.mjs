// npm scripts run on the Node of the devDependency `node`. Where install scripts were switched off
// that package places no binary, and everything would run on the system's Node without a word.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `authlog: these scripts need Node >= 22.15, but run on ${process.version}.\n` +
      "Why: the devDependency `node` did not install its binary; its install script was probably skipped.\n" +
      "Mend: run `npm ci` without --ignore-scripts, or `npm rebuild node`, then try again.",
  );
  process.exit(1);
}
