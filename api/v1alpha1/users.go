package v1alpha1

// Users is the area users.
type Users struct {
	UserManagement []User `json:"user_management,omitempty"`
}

// User is made, or changed where it exists.
type User struct {
	Name string `json:"name"`
	// Shell is the login shell. Empty leaves the system's default.
	Shell string `json:"shell,omitempty"`
	// Password is a crypt(5) hash, never a plain text.
	Password string `json:"password,omitempty" airship:"secret"`
	// PasswordLock locks the password, so that only keys log in.
	PasswordLock bool `json:"password_lock,omitempty"`
	// RunContexts: common (default) or qcow.
	// +kubebuilder:validation:items:Enum=common;qcow
	RunContexts []string `json:"run_contexts,omitempty"`
}
