/** Prints what a fault test measured: figures are told, and not asserted. */
export function tellFigures(what: string, figures: object): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}
