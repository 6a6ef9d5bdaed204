// The page's own words, Indonesian first.

import { speak } from "../../shared/language.js";

const WORDS = {
  id: {
    phones_title: "Dua ponsel, satu pelanggan",
    lead: "Dunia luar dalam ukuran kecil: tanpa akun, tanpa token, tanpa internet.",
    person: "Ponsel milik",
    which_phone: "Ponsel yang tampak",
    alone: "Buka sendiri",
    switch_language: "Switch to English",
  },
  en: {
    phones_title: "Two phones, one customer",
    lead: "The outside world in miniature: no account, no token, no internet.",
    person: "Phones of",
    which_phone: "The phone that is shown",
    alone: "Open on its own",
    switch_language: "Ganti ke bahasa Indonesia",
  },
};

speak(WORDS);
