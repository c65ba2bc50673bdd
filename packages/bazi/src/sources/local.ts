import { computeChart } from '../chart.ts';
import type { BaziSource } from './contract.ts';

/** The engine in this process; costs nothing and asks nobody. @param now adds 流年 from then on */
export function createLocalSource(now?: () => Date): BaziSource {
  return {
    name: 'local',
    async chart(input) {
      const chart = computeChart(input, now?.());
      return { chart, source: 'local', warnings: chart.warnings };
    },
  };
}
