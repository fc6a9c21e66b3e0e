DROP TRIGGER policies_are_not_emptied ON policies;
DROP TRIGGER policy_texts_are_not_emptied ON policy_texts;
DROP TRIGGER policies_stay ON policies;
DROP TRIGGER policy_texts_stay ON policy_texts;
DROP FUNCTION policies_are_not_emptied();
DROP FUNCTION policies_stay();
DROP FUNCTION policy_texts_stay();
