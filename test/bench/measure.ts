/** Figures of one thing that was measured, in one unit. */
export interface Figures {
  name: string;
  unit: string;
  median: number;
  min: number;
  max: number;
  samples: number;
}

/** One contender: a sample of it takes so long, or does so much. */
export interface Contender {
  name: string;
  unit: string;
  /** Gives one figure. */
  sample(): Promise<number>;
}

/**
 * Samples the contenders in turn, A B C A B C …, after one round that is not counted: the speed of a
 * shared machine drifts, and so each round meets the same weather.
 */
export async function interleave(contenders: Contender[], rounds: number): Promise<Figures[]> {
  const figures = contenders.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const figure = await contender.sample();
      if (round > 0) figures[index]?.push(figure);
    }
  }
  return contenders.map(({ name, unit }, index) => summarize(name, unit, figures[index] ?? []));
}

/** Median and extremes of a sample. */
export function summarize(name: string, unit: string, values: number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const median =
    (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2;
  return { name, unit, median, min: at(0), max: at(sorted.length - 1), samples: sorted.length };
}

/** How two samples that were taken in turn compare, round by round. */
export interface Ratio {
  name: string;
  /** Geometric mean of the rounds' ratios. */
  ratio: number;
  /** 95 % confidence interval of it. */
  low: number;
  high: number;
}

/** The ratio of two samples taken in turn, from the ratio of each round: drift cancels out. */
export function ratioOf(name: string, values: number[], baseline: number[]): Ratio {
  const logs = values.map((value, index) => Math.log(value / (baseline[index] ?? Number.NaN)));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  // Student's quantile, within 2 % of it from six samples on.
  const quantile = 1.96 + 2.8 / (logs.length - 1);
  const margin = quantile * Math.sqrt(variance / logs.length);
  return {
    name,
    ratio: Math.exp(mean),
    low: Math.exp(mean - margin),
    high: Math.exp(mean + margin),
  };
}

/** A group of figures under a heading, each with its ratio to the first of its unit. */
export interface Section {
  title: string;
  figures: Figures[];
  /** Where a claim is about how two of them compare. */
  ratios?: Ratio[];
}

/** The sections as a Markdown table. */
export function toTable(sections: Section[]): string {
  const lines = sections.flatMap(({ title, figures, ratios = [] }) => {
    const timesFirst = ({ unit, median }: Figures): string =>
      (median / (figures.find((figure) => figure.unit === unit)?.median ?? Number.NaN)).toFixed(2);
    return [
      "",
      `| ${title} | median | min | max | × first |`,
      "| --- | ---: | ---: | ---: | ---: |",
      ...figures.map(
        (figure) =>
          `| ${figure.name} | ${show(figure.median)} ${figure.unit} | ${show(figure.min)} | ${show(figure.max)} | ${timesFirst(figure)} |`,
      ),
      ...ratios.map(
        ({ name, ratio, low, high }) =>
          `| ${name} | ${ratio.toFixed(3)} | ${low.toFixed(3)} | ${high.toFixed(3)} | |`,
      ),
    ];
  });
  return lines.join("\n").trim();
}

function show(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
