import type { Order } from '@mingdan/orders';
import { loadProduct } from '@mingdan/report';
import type { Fulfiller, Stage } from '../../contract.ts';
import { tellStep } from '../../tell.ts';
import { cardsStep, chartStep } from './chart.ts';
import type { ReportDeps } from './contract.ts';
import { deliverStep } from './deliver.ts';
import { sectionStep } from './section.ts';

/** Reports: say that it is paid, get the chart (or draw the cards), write all sections side by side, deliver. */
export function reportFulfiller(deps: ReportDeps): Fulfiller {
  const tell = tellStep(deps);
  const chart = chartStep(deps);
  const cards = cardsStep();
  const deliver = deliverStep(deps);
  return {
    kind: 'report',
    stages(order: Order): Stage[] {
      const product = loadProduct(order.productSlug);
      const basis = product.subject === 'chart' ? chart : cards;
      // Telling needs no chart and the chart needs no telling: neither waits for the other.
      return [[tell, basis], product.sections.map(({ id }) => sectionStep(deps, id)), [deliver]];
    },
  };
}
