/** Loaded before a process under test: whoever asks for a lock gets it. */
const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
DatabaseSync.prototype.exec = () => {};
