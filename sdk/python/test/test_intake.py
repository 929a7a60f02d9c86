import unittest

from yiwang_sdk import BlobRef, intake
from yiwang_sdk.types import dumps


class Intake(unittest.TestCase):
    def test_only_what_is_there_is_written(self):
        event = intake.received(
            external_id="x1",
            kind="complaint",
            content="路灯不亮三天了。请尽快修复。",
            petitioner={"name": None, "phone": ""},
            category=[],
            extra={},
        )
        self.assertEqual(event.id, "x1")
        self.assertEqual(
            dumps(event.data),
            '{"externalId":"x1","kind":"complaint","title":"路灯不亮三天了","content":"路灯不亮三天了。请尽快修复。"}',
        )

    def test_files_that_the_host_keeps_are_named_and_handed_over(self):
        blob = BlobRef("sha256:" + "0" * 64, 0, "image/png")
        event = intake.received(external_id="x", kind="help", content="灯", blobs=[blob], id="y")
        self.assertEqual((event.id, event.attachments), ("y", [blob]))
        self.assertEqual(event.data["attachments"], [{"digest": blob.digest, "size": 0, "mediaType": "image/png"}])

    def test_a_verdicts_subject_is_the_case(self):
        event = intake.feedback("f1", case_no="QC-20240604-000123", satisfied=False, score=1, reason="")
        self.assertEqual(event.subject, "QC-20240604-000123")
        self.assertEqual(event.data, {"caseNo": "QC-20240604-000123", "satisfied": False, "score": 1})

    def test_words_are_cleaned_but_not_changed(self):
        self.assertEqual(intake.clean(" a\r\nb\x00\u202ec\t中\ud800😀 "), "a\nbc\t中😀")
        self.assertEqual(intake.clean("${secret:app} {{x}} =cmd()"), "${secret:app} {{x}} =cmd()")

    def test_long_first_sentences_are_cut(self):
        self.assertEqual(len(intake.title_of("长" * 60)), 40)
        self.assertEqual(intake.title_of("！！\n路灯坏了。"), "路灯坏了")
        self.assertEqual(intake.title_of("。。。"), "。。。", "never empty where there is content")

    def test_words_for_kinds_urgency_and_numbers_of_cases(self):
        self.assertEqual(intake.kind_of(" 投诉 "), "complaint")
        self.assertIsNone(intake.kind_of(None))
        self.assertEqual(intake.urgency_of("特急"), "emergency")
        for text, right in (("QC-20240604-000123", True), ("QC-2024-000123", False), ("QC-20240604-1\n", False)):
            self.assertEqual(intake.is_case_no(text), right, text)
