import type { Texts } from './texts.ts';

/** The same slots as in Chinese. */
export const english: Texts = {
  columns: ['Pillar', 'Pair', 'Stem element', 'Branch element'],
  pillarNames: ['Year pillar', 'Month pillar', 'Day pillar', 'Hour pillar'],
  hourUnknown: 'The hour of birth is not known, so only three pillars are read here.',
  elements: { 木: 'wood', 火: 'fire', 土: 'earth', 金: 'metal', 水: 'water' },
  quote:
    'Your pillars are **{pillars}**. The day master is **{dm}**; {strong} is the most present of the five elements, {weak} the least.',
  periods: 'The rhythm of the coming stretches, one line each:',
  periodLines: [
    '**{when} · {pillar}**: steady work pays. Go deeper in one thing instead of opening three.',
    '**{when} · {pillar}**: more people, more offers. Good for working together, and for writing agreements down.',
    '**{when} · {pillar}**: ideas come fast. Keep some quiet time before each decision.',
    '**{when} · {pillar}**: a time to gather. Finish old business and mend the basics.',
  ],
  adviceLead: 'Things to try at once:',
  general: [
    'The short of it: **look first, then act**. A {dm} day master born in {season} does not like to be hurried, yet once the picture is clear the work gets done more cleanly than by most. You may recognise the scene: you are not the first to speak in a meeting, but afterwards it is your three lines that everybody works from.',
    'Plenty of {strong} means that this force comes without effort; little {weak} is more like a subject to be practised. What is plenty easily becomes a gift and just as easily a habit. What is scarce is not always a weakness: often it is what you care about most.',
    'The year pillar {year} speaks of roots, and gives you the calm of somebody who need not lean on others. The month pillar {month} is how you meet the world: more composed than you feel. People who know you well also know how much you weigh before you say a word.',
    'The day pillar {day} is closest to who you are. Outer standards can be discussed, inner ones hardly: what was promised is done, and what you do not believe in is hard to force. It earns trust, and now and then it tires you where nobody had asked for so much.',
    'In daily life, divide your strength in three: what must be done, what makes you better, and a part with no plan at all. For a {dm} day master an empty hour is no waste but the reason why the next judgement is right.',
    'As a picture: someone on the road in {season}, with a small bag in which everything is useful. People will point out short cuts. Listen, then walk at your own pace. A chart shows leanings and timing; the choice stays yours.',
  ],
  topics: [
    {
      match: /character|gift|personality|性格/i,
      title: 'Character',
      lines: [
        '**Reserved, with a mind of your own.** You wait until you see clearly. Asked for a restaurant you say "anything is fine", but you remember a bad one, and next time it is you who books.',
        '**Order matters to you.** With {month} in the month you have the patience to go step by step. Others look at the result, you look for what might break later.',
        '**Slow with people, quick with ideas.** New acquaintances find you polite; mention a subject you love and your eyes light up. Nothing about that needs repair.',
        '**Where it costs you:** the sentence that you swallow. People think you have no opinion. Try "I will answer tomorrow morning" in place of "let me think".',
      ],
      advice: [
        'Each week, note one thing you meant to say, and say it the week after.',
        'Give a decision a closing time, and keep to it.',
        'Write praise down word for word; read it a month later.',
      ],
    },
    {
      match: /work|career|job|事业/i,
      title: 'Work',
      lines: [
        '**Stand on a craft.** With {strong} this strong, fields that reward long practice suit you. Better to be hard to avoid in one thing than early in five.',
        '**Inside an organisation, with ground of your own.** Entirely alone, small matters eat your day; entirely led, you grow dull. Best is where the team sets the goal and you choose the way.',
        '**With those above you: agree first, then shine.** "This is how I would do it, do you see a problem?" saves many explanations.',
        '**The sign to move on** is not boredom but having stopped learning. Two quarters of repeating what you know are enough.',
      ],
      advice: [
        'Hand over one task that anybody could do.',
        'Once a month ask a colleague what they are learning.',
        'Update your CV twice a year, even with no plan to leave.',
      ],
    },
    {
      match: /money|wealth|财/i,
      title: 'Money',
      lines: [
        '**Money comes by building up.** For a {dm} day master what is earned slowly stays; what comes fast goes fast. Put the main stream on skill, not on tips.',
        '**It leaks through kindness.** Small sums laid out for others add up. Set yourself a monthly allowance for favours, and stop there.',
        '**Be clear with partners.** Where {weak} is scarce, rules look simpler than they are. A page about work, shares and how to part keeps a friendship longer.',
        '**Spending well** is telling liking from needing. Wait three days; what you still want, buy.',
      ],
      advice: [
        'Save on payday before spending, a tenth to start with.',
        'Write three reasons for a large purchase, and sleep over it.',
        'Look through your subscriptions every quarter.',
      ],
    },
    {
      match: /love|relation|people|family|marriage|感情/i,
      title: 'Love and people',
      lines: [
        '**What you need is steadiness.** The branch under the day, in {day}, is the place of the partner: for you a kept word is worth more than a sweet one.',
        '**You are drawn to those who shine, and stay with those who are solid.** The first light you up, the second let you rest. Tell them apart early.',
        '**Quarrels begin in silence.** You keep quiet to be kind, the other hears indifference. Agree on a sentence such as "I am tangled now, let us talk in half an hour".',
        '**Few friends, true ones.** Those who help you most speak plainly and act calmly. Step back from circles where you always have to explain yourself.',
      ],
      advice: [
        'Forty minutes together each week without a phone.',
        'Say what you want directly.',
        'Ask your elders about one small, concrete thing.',
      ],
    },
    {
      match: /health|wellbeing|well-being|habit|健康/i,
      title: 'Rest and rhythm',
      lines: [
        '**Rhythm beats effort.** With much {strong}, energy comes hard and leaves fast. Twenty minutes earlier to bed does more than a long Sunday.',
        '**Moods have seasons.** Born in {season}, you may feel hollow when the weather turns. Decide less then, walk more.',
        '**The body speaks for you.** Tight shoulders for days often mean something unsaid. Pause, then look for it; for anything that hurts, see a doctor.',
        '**More {weak} is found in daily life:** light, colours, company. No charm is needed.',
      ],
      advice: [
        'Walk fifteen minutes after a meal, no headphones.',
        'Dim the screen an hour before bed.',
        'Once a week, move until you sweat.',
      ],
    },
    {
      match: /luck|year|decade|now|ahead|month|near|大运|流年/i,
      title: 'Timing',
      lines: [
        '**Rhythm first.** A decade is the climate, a year the weather. In a mild climate one rainy day is no cause for alarm.',
        '**The theme now is sorting and choosing.** You will want to hold several things at once. Put down the one that gives least, and the others loosen.',
        '**Chances come through people you know.** Finish the small things you promised; your name travels by itself.',
        '**In careful times** let contracts, journeys and rest go half a step slower. Slow is not back; it leaves room to correct.',
      ],
      advice: [
        'List the decisions of the next three months and keep two.',
        'Write a short review each month.',
        'When pressed, ask "by when at the latest?"',
      ],
    },
    {
      match: /glance|whole|overview|chart|element|命盘/i,
      title: 'The chart as a whole',
      lines: [
        '**A {dm} day master born in {season}:** all else starts here. The season is the soil, the day master the seed. Your calm is not coldness, it is the temper of this soil.',
        '**How the elements flow** shows how someone breathes. Enough {strong} to push, little {weak} for the turns. Where you are stuck, another room helps more than more force.',
        '**What is open and what is hidden:** people meet the open part first. Your endurance is in the other.',
        '**As an image,** an old house with a good outlook: solid, and the windows are yours to open.',
      ],
      advice: [
        'Remember your best day this year, and what you did right.',
        'Replace "I am like that" by "I often do that".',
        'Finish one small thing you have put off, today.',
      ],
    },
    {
      match: /advice|suggest|guid|step|建议/i,
      title: 'Advice',
      lines: [
        '**Subtract first.** For a {dm} day master luck is less in doing more than in erring less. Take back a promise you need not keep.',
        '**Let places help.** With little {weak}, go where there is some: a street with trees, a desk with light, friends with soft voices.',
        '**Hang new habits on old ones.** Stretch while the kettle boils. It costs no will and so it lasts.',
        '**Allow yourself to change your mind.** A chart is a map, no rail.',
      ],
      advice: [
        'Delete three apps today.',
        'Meet an honest friend this week.',
        'One day alone this month, with no explanation.',
      ],
    },
  ],
  cardTitle: '{position}: {card} ({orientation})',
  cardLines: [
    'In the place of the **{position}**, this card feels like movement inside stillness. Drawn {orientation}, it says that the strength is there and only looks for its way out. In life it may be the small thing you keep thinking of and have not begun.',
    'The light falls in the middle and the edges are dark: this is about **focus**. As the card of the {position} it does not push, it asks: if you could do one thing only, which would it be? Write the answer down.',
    'The figure looks far away, but stands firmly. {card} as the card of the {position} speaks of **measure**: a step forward is courage, and so is standing still to read the road.',
  ],
  cardsTogether: 'Read together',
  cardsStory:
    'The three cards are the start of a road, a crossing and a lamp. The start taught you caution, the crossing asks for a choice, and the lamp says that you need not see the whole way, only the next step. What feels like doubt is often the wish to decide for everybody. Give others their own homework back, and your road grows clear. The movement is from holding to letting go, from thinking to doing; there is time.',
  cardsAction:
    '**A small act for today:** write "I am waiting for…" three times on a sheet of paper, choose one, and take its first step before you sleep.',
};
