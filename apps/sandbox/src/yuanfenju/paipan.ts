import {
  ChildLimit,
  DefaultEightCharProvider,
  type EightChar,
  Gender,
  LunarHour,
  LunarSect2EightCharProvider,
  type SixtyCycle,
  SolarTime,
} from 'tyme4ts';
import { z } from 'zod';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

export const paipanInput = z.object({
  name: z.string().min(1).max(40),
  /** 0 = male, 1 = female */
  sex: z.enum(['0', '1']),
  /** 0 = lunar, 1 = solar */
  type: z.enum(['0', '1']),
  year: whole(1900, 2100),
  month: whole(1, 12),
  day: whole(1, 31),
  hours: whole(0, 23),
  minute: whole(0, 59),
  /** 1 = 23:00 begins the next day, 2 = it does not */
  sect: z.enum(['1', '2']).default('1'),
  /** 2 = the clock as it is; true solar time (1, 3) is the product's own work and is not offered here */
  zhen: z.enum(['1', '2', '3']).default('2'),
});

export class BadBirth extends Error {}

const NOT_OURS = '出生时间不存在';

/** The documented `data` of `/v1/Bazi/paipan`; fields about shensha stay empty lists. @throws BadBirth */
export function paipan(input: z.infer<typeof paipanInput>) {
  const time = timeOf(input);
  const hour = time.getLunarHour();
  const provider = input.sect === '2' ? new LunarSect2EightCharProvider() : new DefaultEightCharProvider();
  const chart = provider.getEightChar(hour);
  const limit = ChildLimit.fromSolarTime(time, input.sex === '0' ? Gender.MAN : Gender.WOMAN);
  const pillars = [chart.getYear(), chart.getMonth(), chart.getDay(), chart.getHour()];
  const start = limit.getEndTime();
  return {
    base_info: {
      sex: input.sex === '0' ? '乾造' : '坤造',
      name: input.name,
      gongli: `${time.getYear()}年${time.getMonth()}月${time.getDay()}日${time.getHour()}时${time.getMinute()}分`,
      nongli: hour.getLunarDay().toString(),
      qiyun: `${limit.getYearCount()}年${limit.getMonthCount()}月${limit.getDayCount()}天起运`,
      jiaoyun: `${start.getYear()}年${start.getMonth()}月${start.getDay()}日交运`,
      zhengge: `${chart.getMonth().getEarthBranch().getHideHeavenStemMain().getName()}格`,
    },
    bazi_info: baziInfo(chart, pillars),
    dayun_info: decades(limit),
    start_info: {
      jishen: ['', '', '', ''],
      xz: time.getSolarDay().getConstellation().getName(),
      sx: chart.getYear().getEarthBranch().getZodiac().getName(),
    },
    detail_info: details(chart, pillars),
  };
}

function timeOf(input: z.infer<typeof paipanInput>): SolarTime {
  try {
    const { year, month, day, hours, minute } = input;
    return input.type === '1'
      ? SolarTime.fromYmdHms(year, month, day, hours, minute, 0)
      : LunarHour.fromYmdHms(year, month, day, hours, minute, 0).getSolarTime();
  } catch {
    throw new BadBirth(NOT_OURS);
  }
}

function baziInfo(chart: EightChar, pillars: SixtyCycle[]) {
  const master = chart.getDay().getHeavenStem();
  const hidden = pillars.map((pillar) =>
    pillar
      .getEarthBranch()
      .getHideHeavenStems()
      .map((stem) => stem.getHeavenStem()),
  );
  return {
    kw: chart
      .getDay()
      .getExtraEarthBranches()
      .map((branch) => branch.getName())
      .join(''),
    bazi: pillars.map((pillar) => pillar.getName()),
    tg_cg_god: pillars.map((pillar, index) =>
      index === 2 ? '日主' : master.getTenStar(pillar.getHeavenStem()).getName(),
    ),
    dz_cg: hidden.map((stems) => stems.map((stem) => stem.getName()).join('|')),
    dz_cg_god: hidden.map((stems) => stems.map((stem) => master.getTenStar(stem).getName()).join('|')),
    day_cs: pillars.map((pillar) => master.getTerrain(pillar.getEarthBranch()).getName()),
    na_yin: pillars.map((pillar) => pillar.getSound().getName()),
  };
}

const DECADES = 12;

function decades(limit: ChildLimit) {
  const master = limit.getEightChar().getDay().getHeavenStem();
  const first = limit.getStartDecadeFortune();
  const list = Array.from({ length: DECADES }, (_, index) => first.next(index));
  const year = (index: number) => list[index]?.getStartSixtyCycleYear().getYear() ?? 0;
  const flow = (offset: number) =>
    list.map((decade) => ({ year_char: decade.getStartSixtyCycleYear().next(offset).getSixtyCycle().getName() }));
  return {
    big_god: list.map((decade) => master.getTenStar(decade.getSixtyCycle().getHeavenStem()).getName()),
    big: list.map((decade) => decade.getSixtyCycle().getName()),
    big_cs: list.map((decade) => master.getTerrain(decade.getSixtyCycle().getEarthBranch()).getName()),
    xu_sui: list.map((decade) => decade.getStartAge()),
    big_start_year: list.map((_, index) => year(index)),
    big_end_year: list.map((_, index) => year(index) + 9),
    big_start_year_liu_nian: flow(0)
      .map((entry) => entry.year_char)
      .join(','),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, offset) => [`years_info${offset}`, flow(offset)])),
  };
}

function details(chart: EightChar, pillars: SixtyCycle[]) {
  const master = chart.getDay().getHeavenStem();
  const per = <T>(make: (pillar: SixtyCycle, index: number) => T) => {
    const [year, month, day, hour] = pillars.map(make);
    return { year, month, day, hour };
  };
  return {
    zhuxing: per((pillar, index) => (index === 2 ? '日元' : master.getTenStar(pillar.getHeavenStem()).getName())),
    xingyun: per((pillar) => master.getTerrain(pillar.getEarthBranch()).getName()),
    zizuo: per((pillar) => pillar.getHeavenStem().getTerrain(pillar.getEarthBranch()).getName()),
    kongwang: per((pillar) =>
      pillar
        .getExtraEarthBranches()
        .map((branch) => branch.getName())
        .join(''),
    ),
    nayin: per((pillar) => pillar.getSound().getName()),
    shensha: per(() => ''),
    sizhu: per((pillar) => ({ tg: pillar.getHeavenStem().getName(), dz: pillar.getEarthBranch().getName() })),
    canggan: per((pillar) =>
      pillar
        .getEarthBranch()
        .getHideHeavenStems()
        .map((stem) => stem.getHeavenStem().getName()),
    ),
    fuxing: per((pillar) =>
      pillar
        .getEarthBranch()
        .getHideHeavenStems()
        .map((stem) => master.getTenStar(stem.getHeavenStem()).getName()),
    ),
    dayunshensha: [],
  };
}
