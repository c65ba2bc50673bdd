import { MingdanError } from '@mingdan/kernel';
import { operatorNoticeKinds, operatorNoticesSchema, operatorTopicsSchema } from '@mingdan/orders';

/** `paid,failed`, `none`, or the JSON list as it is kept. */
export function noticesOf(text: string): readonly string[] {
  const words = text.trim();
  const list = words.startsWith('[')
    ? json(words)
    : words === 'none'
      ? []
      : words.split(',').map((word) => word.trim());
  const read = operatorNoticesSchema.safeParse(list);
  if (read.success) return read.data;
  throw new MingdanError('bad_setting', 'that cannot be what operators are told', {
    hint: `Write none, or some of: ${operatorNoticeKinds.join(',')}`,
  });
}

/** `paid=12,alarm=3`, `none`, or the JSON object as it is kept. */
export function topicsOf(text: string): object {
  const words = text.trim();
  const read = operatorTopicsSchema.safeParse(words.startsWith('{') ? json(words) : pairs(words));
  if (read.success) return read.data;
  throw new MingdanError('bad_setting', 'that cannot be the topics of a forum', {
    hint: `Write none, or a topic's number for some of: ${operatorNoticeKinds.join(', ')}, alarm (such as paid=12,alarm=3)`,
  });
}

function pairs(words: string): unknown {
  if (words === 'none') return {};
  return Object.fromEntries(
    words.split(',').map((pair) => {
      const [kind = '', topic = ''] = pair.split('=');
      return [kind.trim(), /^\d{1,15}$/.test(topic.trim()) ? Number(topic) : undefined];
    }),
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
