//! Data sources and the provider block.

use super::*;

crate::model! {
    /// A question.
    pub(super) struct Question {
        /// What is asked.
        about: Word => required(),
        /// How many answers.
        limit: u8 => default(10),
        /// The user may narrow it.
        zone: Word => optional().computed(),
        /// The answer.
        answer: Vec<Word> => computed(),
    }
}

struct Questions(fn(Question) -> Question);

impl DataSource for Questions {
    type Model = Question;
    const TYPE: &'static str = "test_question";

    fn validate(&self, _config: &Question) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: Question) -> Result<Question, Diagnostics> {
        Ok((self.0)(config))
    }
}

#[test]
fn a_data_source_keeps_the_values_of_the_user_and_adds_its_answer() {
    let questions = Questions(|mut question| {
        assert_eq!(question.limit, Tf::Known(10), "the default is passed to the data source");
        question.about = word("other").into();
        question.limit = 3.into();
        question.zone = word("East").into();
        question.answer = vec![word("Yes")].into();
        question
    });
    let answer = ErasedDataSource::read(&questions, &object::<Question>(&[("about", "HELLO".into())])).unwrap();
    let expected =
        [("about", "HELLO".into()), ("limit", 10.into()), ("zone", "east".into()), ("answer", list(&["yes".into()]))];
    assert_eq!(answer, object::<Question>(&expected));
}

#[test]
fn the_answer_of_a_data_source_contains_nothing_unknown() {
    let questions = Questions(|question| Question { answer: Tf::Unknown, ..question });
    let diagnostics = ErasedDataSource::read(&questions, &object::<Question>(&[("about", "x".into())])).unwrap_err();
    assert_messages(&diagnostics, &[("Unknown value", "answer")]);
}

#[test]
fn a_data_source_refuses_attributes_that_only_the_provider_may_set() {
    let config = object::<Question>(&[("about", "x".into()), ("answer", list(&["y".into()]))]);
    let diagnostics = ErasedDataSource::validate(&Questions(|question| question), &config);
    assert_messages(&diagnostics, &[("answer cannot be set", "answer")]);
}

struct Settings;

impl Configure for Settings {
    type Model = Timeouts;

    fn validate(&self, _config: &Timeouts) -> Diagnostics {
        Diagnostics::new()
    }

    fn configure(&self, config: Timeouts, _terraform_version: &str) -> Result<(), Diagnostics> {
        config.create.known(crate::at!(Timeouts, create)).map(|_| ())
    }
}

#[test]
fn the_provider_block_is_decoded_before_it_is_used() {
    let configure = |create: Value| ErasedConfigure::configure(&Settings, &map(&[("create", create)]), "1.11.4");
    assert_eq!(configure("long".into()), Ok(()));
    assert_messages(&configure("?".into()).unwrap_err(), &[("Invalid create", "create")]);
    let diagnostics = configure(Value::Unknown).unwrap_err();
    assert_messages(&diagnostics, &[("Missing value", "create")]);
    assert!(format!("{diagnostics:?}").contains("create is not known yet"));
}
