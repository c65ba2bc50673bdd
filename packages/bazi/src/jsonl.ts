import { BirthError } from './birth-error.ts';
import { readBirth } from './birth-input.ts';
import { type Chart, computeChart } from './chart.ts';

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BirthError('bad_format', 'the line is no JSON', 'input', cause);
  }
}

function outputOf(chart: Chart): Record<string, unknown> {
  const { pillars, lunarDate, solarTimeUsed, hiddenStems, tenGods, nayin, fetalOrigin, ownSign, bodySign, luck } =
    chart;
  return {
    pillars,
    lunarDate,
    solarTimeUsed,
    hiddenStems,
    tenGods,
    nayin,
    void: chart.void,
    fetalOrigin,
    ownSign,
    bodySign,
    luck,
    warnings: chart.warnings,
    solarDate: chart.solarDate,
    zodiac: chart.zodiac,
    fetalBreath: chart.fetalBreath,
    terrain: chart.terrain,
    ownTerrain: chart.ownTerrain,
    correction: chart.correction,
    analysis: chart.analysis,
  };
}

/** One line of `bazi --jsonl` → one line of JSON: the chart, or `{"error":{code,message,field}}`. Never throws. */
export function answerJsonLine(line: string, now?: Date): string {
  try {
    return JSON.stringify(outputOf(computeChart(readBirth(parseJson(line)), now)));
  } catch (error) {
    const { code, message, field } =
      error instanceof BirthError
        ? error
        : new BirthError('not_computable', 'the chart could not be computed', 'input');
    return JSON.stringify({ error: { code, message, field } });
  }
}
