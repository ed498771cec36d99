import AisTraining
import Testing

@Suite("Scores")
struct TallyTests {
  @Test func `precision, recall and Dice count pixels that are not ignored`() {
    var tally = Tally()
    tally.add(
      loss: 1, answers: [0.9, 0.8, 0.2, 0.1, 0.9], labels: [1, 0, 1, 0, TrainingBatch.ignored], threshold: 0.5)
    tally.add(loss: 3, answers: [0.9], labels: [1], threshold: 0.5)
    let scores = tally.scores
    #expect(scores.loss == 2)
    #expect(scores.precision == 2.0 / 3)
    #expect(scores.recall == 2.0 / 3)
    #expect(scores.dice == 4.0 / 6)
  }

  @Test func `where nothing was found and nothing is there, ratios are 0`() {
    var tally = Tally()
    tally.add(loss: 0, answers: [0], labels: [0], threshold: 0.5)
    #expect(tally.scores == Scores(loss: 0, precision: 0, recall: 0, dice: 0))
  }

  @Test func `the history is a table with a line an epoch`() {
    let record = EpochRecord(
      epoch: 1, learningRate: 0.001, training: Scores(loss: 0.5, precision: 0.25, recall: 1, dice: 0.4),
      validation: nil,
      seconds: 1.23456, isBest: true)
    #expect(
      [record].csv() == """
        epoch,learning_rate,loss,precision,recall,dice,val_loss,val_precision,val_recall,val_dice,seconds,best
        1,0.001,0.5,0.25,1.0,0.4,,,,,1.235,1

        """)
  }
}
