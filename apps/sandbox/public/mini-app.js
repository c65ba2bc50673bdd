// The chat's side of a Mini App: a frame over the chat, with Telegram's own bars above and below it.

const $ = (id) => document.getElementById(id);

/** `hands` = { labels, openInvoice(slug, closed), address(scheme, from), toast(text) } @returns { offer(available, menuText) } */
export function setUpMiniApp(hands) {
  const panel = $('mini-app');
  const frame = $('mini-app-frame');
  const main = $('mini-app-main');
  const back = $('mini-app-back');
  let origin = '';
  let opener = $('mini-app-open');

  const post = (eventType, eventData = {}) =>
    frame.contentWindow?.postMessage(JSON.stringify({ eventType, eventData }), origin);

  const close = () => {
    panel.hidden = true;
    main.hidden = true;
    back.hidden = true;
    frame.removeAttribute('src');
    opener.focus();
  };

  const open = async (button, from) => {
    opener = button;
    const dark =
      getComputedStyle(document.documentElement).colorScheme === 'dark' ||
      (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
    const address = await hands.address(dark ? 'dark' : 'light', from);
    if (!address) return;
    origin = new URL(address).origin;
    frame.src = address;
    panel.hidden = false;
    $('mini-app-close').focus();
  };

  const asked = {
    web_app_setup_main_button({ text, is_visible: visible, is_active: active, is_progress_visible: busy }) {
      main.hidden = !visible;
      main.textContent = busy ? '…' : text;
      main.disabled = active === false || busy;
    },
    web_app_setup_back_button({ is_visible: visible }) {
      back.hidden = !visible;
    },
    web_app_open_invoice({ slug }) {
      hands.openInvoice(slug, (status) => post('invoice_closed', { slug, status }));
    },
    web_app_trigger_haptic_feedback({ type, notification_type: kind }) {
      panel.dataset.haptic = kind ?? type;
      navigator.vibrate?.(20);
    },
    web_app_close: close,
  };

  addEventListener('message', ({ source, origin: from, data }) => {
    if (source !== frame.contentWindow || from !== origin || typeof data !== 'string') return;
    const { eventType, eventData } = JSON.parse(data);
    asked[eventType]?.(eventData ?? {});
  });
  main.addEventListener('click', () => post('main_button_pressed'));
  back.addEventListener('click', () => post('back_button_pressed'));
  $('mini-app-close').addEventListener('click', close);
  for (const [id, from] of [
    ['mini-app-open', 'bar'],
    ['menu-button', 'menu'],
  ])
    $(id).addEventListener('click', () => open($(id), from));

  return {
    /** In the bar wherever there is one; beside the text field where the bot asked for it, in the place of the list of commands. */
    offer(available, menuText) {
      $('mini-app-open').hidden = !available;
      $('menu-button').hidden = menuText === null;
      $('menu-button').textContent = menuText ?? '';
      $('commands-open').hidden = menuText !== null;
    },
  };
}
